"""The command `studium`."""


def main() -> None:
    # A child process that Python spawns imports this file again, and has no use for the rest.
    from studium.commands.cli import app  # noqa: PLC0415

    app()


if __name__ == "__main__":
    main()
