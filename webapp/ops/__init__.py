"""Running the house: the dispatcher, the checks, the broker's tools."""
