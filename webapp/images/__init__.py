"""Pictures that people put into their texts: checked, written anew, kept in several sizes, and served."""
