"""A company whose truth is known. It must not see the model, or recovery tests would share its mistakes."""
