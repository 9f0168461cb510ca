"""What every room may use: clock, threads, interrupt, paths, place."""
