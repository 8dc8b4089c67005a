"""What this feature does when something happens elsewhere."""


def connect() -> None:
    """Connects the listeners, once a process."""
