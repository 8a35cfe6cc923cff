"""Memory: what was seen must be given back."""
