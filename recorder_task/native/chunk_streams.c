#include "chunk_streams.h"

Stream *stream_of(Streams *streams, uint32_t id)
{
    Stream **page = &streams->pages[id / PAGE_STREAMS];
    if (!*page && !(*page = PyMem_Calloc(PAGE_STREAMS, sizeof(Stream)))) {
        PyErr_NoMemory();
        return NULL;
    }
    return *page + id % PAGE_STREAMS;
}

Stream *known_stream(Streams *streams, uint32_t id)
{
    Stream *page = id / PAGE_STREAMS < PAGES ? streams->pages[id / PAGE_STREAMS] : NULL;
    return page ? page + id % PAGE_STREAMS : NULL;
}

void begin(Stream *stream) { stream->missing = stream->size; }

static int make_room(Stream *stream, uint32_t size)
{
    size_t needed = (size_t)stream->arrived + size, whole = (size_t)stream->arrived + stream->missing;
    size_t room = stream->room;
    if (needed <= room)
        return 0;
    room += room / 2; /* a body is not copied for each of its chunks */
    room = room < needed ? needed : room > whole ? whole : room;
    uint8_t *body = PyMem_Realloc(stream->body, room);
    if (!body) {
        PyErr_NoMemory();
        return -1;
    }
    stream->body = body;
    stream->room = (uint32_t)room;
    return 0;
}

int append(Stream *stream, const uint8_t *bytes, uint32_t size)
{
    if (make_room(stream, size) < 0)
        return -1;
    if (size)
        memcpy(stream->body + stream->arrived, bytes, size);
    stream->arrived += size;
    stream->missing -= size;
    stream->is_under_way = 1;
    return 0;
}

void forget(Stream *stream)
{
    PyMem_Free(stream->body);
    stream->body = NULL;
    stream->arrived = stream->room = 0;
    stream->is_under_way = 0;
}

void free_streams(Streams *streams)
{
    for (size_t page = 0; page < PAGES; page++) {
        for (size_t stream = 0; streams->pages[page] && stream < PAGE_STREAMS; stream++)
            forget(streams->pages[page] + stream);
        PyMem_Free(streams->pages[page]);
        streams->pages[page] = NULL;
    }
}
