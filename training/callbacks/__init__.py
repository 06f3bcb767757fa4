"""What happens beside the optimisation: samples, throughput, checkpoint contents."""
