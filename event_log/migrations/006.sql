-- From version 5 of schema lk to version 6.

CREATE INDEX batch_copy ON lk.batch (copy_id, cut_id);
