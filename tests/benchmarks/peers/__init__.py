"""Compares the speed of `paper` at full width with that of two public pix2pix implementations, side by side.

tensorflow_tutorial  the U-Net and PatchGAN of TensorFlow's pix2pix tutorial, written anew from their shapes
pytorch_pix2pix      those of the PyTorch repository of pix2pix's authors, likewise; a program of its own
ours                 the networks and the training step of `paper`
roofline             operations of a step, and what the processor can do
"""
