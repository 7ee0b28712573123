/* What is remembered of the chunk streams of a connection (Adobe RTMP specification 1.0, section 5.3). */

#ifndef TAPEDECK_CHUNK_STREAMS_H
#define TAPEDECK_CHUNK_STREAMS_H

#include "loops.h"

enum { PAGE_STREAMS = 64, PAGES = (64 + 0xFFFF) / PAGE_STREAMS + 1 };

/* What a chunk's short header leaves out, and the message under way: so much of it has come, so much is missing. */
typedef struct {
    uint32_t field, size, milliseconds;
    uint8_t kind, is_under_way;
    uint32_t missing, arrived, room;
    uint8_t *body;
} Stream;

/* By chunk stream id; most connections use the first page alone, and all pages are 3 MB. */
typedef struct {
    Stream *pages[PAGES];
} Streams;

/* Made where it is new; NULL with an exception. */
Stream *stream_of(Streams *streams, uint32_t id);
/* NULL, without an exception, where it would be new. */
Stream *known_stream(Streams *streams, uint32_t id);
/* A message begins, of the size that its header says. */
void begin(Stream *stream);
/* Some of the message under way has come; -1 with an exception. Memory is taken for what came, not for what will. */
int append(Stream *stream, const uint8_t *bytes, uint32_t size);
/* No message is under way any more. */
void forget(Stream *stream);
void free_streams(Streams *streams);

#endif
