"""The ledger of every mail, and how it leaves the house."""
