"""From clip folders to batches: clips, TFRecords, augmentation and the tf.data pipeline."""
