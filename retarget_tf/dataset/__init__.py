"""Turns clip folders into batches: clips, TFRecords, augmentation and the tf.data pipeline."""
