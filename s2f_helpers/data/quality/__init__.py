"""What is wrong with a data set: found, shown, and mended where that is safe."""
