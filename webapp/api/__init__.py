"""REST, version 1: translation between HTTP and the operations of the features, and no rule of its own."""
