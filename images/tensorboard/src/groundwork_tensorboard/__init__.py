"""TensorBoard, as the platform runs it."""
