"""Other people's files, read and written: K-Fashion's JSON, CVAT's exports, COCO."""
