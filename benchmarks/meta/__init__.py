"""Meta-training: teachers learned across lifetimes, and what they are judged on."""
