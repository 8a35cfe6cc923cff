"""Modifiers: tasks that wrap a task and change what it samples for training."""
