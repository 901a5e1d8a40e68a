"""What each stage of the line reads, makes and writes into its folder, and the key it is found by."""
