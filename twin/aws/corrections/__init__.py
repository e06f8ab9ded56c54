"""What the emulator leaves out, added in front of it in the answers of the API itself."""
