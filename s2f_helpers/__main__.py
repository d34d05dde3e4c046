"""``s2f doctor`` says what is missing here; ``s2f grade FOLDER`` grades a class.

Without that command, in the folder of the course: ``python -m s2f_helpers doctor``.
"""

from __future__ import annotations

import argparse
import sys

from s2f_helpers.doctor import doctor


def main() -> int:
    """The exit status: 1 where the doctor found something to mend, or the grader could not work."""
    parser = argparse.ArgumentParser(prog="s2f", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="what is here, what is missing, and the command that mends it")
    grader = commands.add_parser("grade", help="run learners' notebooks in a sandbox and judge their exercises")
    if sys.argv[1:2] != ["grade"]:  # the doctor works where packages are missing, the grader's among them
        parser.parse_args()
        return 0 if doctor() else 1

    from s2f_helpers import grade
    from s2f_helpers.common.types import S2FError

    grade.add_arguments(grader)
    try:
        grade.grade_folder(parser.parse_args())
    except S2FError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
