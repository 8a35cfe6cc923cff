"""What a student is held to while it learns: the TEST ladder, its failures, its forecasts, how steadily it attends."""
