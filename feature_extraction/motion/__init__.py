"""Motion as arrays: rotations, skeletons, forward kinematics, BVH files."""
