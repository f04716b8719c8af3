"""Pictures of depth maps."""
