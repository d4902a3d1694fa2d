"""``python -m shapelint``."""

from shapelint.cli import main

if __name__ == "__main__":
    main()
