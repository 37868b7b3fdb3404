/* Is a new input of a source one of its files with an edited first event? */
#ifndef LK_INGEST_EDITED_H
#define LK_INGEST_EDITED_H

#include "event_log/source.h"
#include "ingest/input.h"

/* A file is recognised by its first bytes, so with another first event it looks like a new file, and all its other events
 * would be appended again. first_end: where the input's first event ends. Returns the file that equals the input after its
 * first event, up to the position to which it was read; that part must not be blank. NULL: there is none, or the
 * input can be read only once (a pipe, a packed file) and is not in memory that far; a file whose head was erased is
 * never found. */
const lk_source_file *lk_source_edited(const lk_source_file *files, size_t n, const lk_input *in, int64_t first_end);

#endif
