"""The weekly letter: its runs, what each reader gets, and the task that sends it."""
