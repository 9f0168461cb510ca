"""What a person sees and touches in a notebook: the magics, the panel, and how results are shown."""
