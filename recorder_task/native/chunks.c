/* RTMP's chunks, joined to messages: what `PlainChunkReader` in pull/rtmp/chunks.py does, byte for byte.

   Source: Adobe RTMP specification 1.0, section 5.3. Whatever a header announces, memory is taken for bytes that came:
   a message's bytes object is made once all of it is there, and what waits for its rest grows as that comes. */

#include "chunk_streams.h"

enum { SET_CHUNK_SIZE = 1, ABORT = 2, FIRST_CHUNK_BYTES = 128, EXTENDED = 0xFFFFFF };
enum { LONGEST_HEADER_BYTES = 3 + 11 + 4 };

static const uint8_t HEADER_BYTES[] = {11, 7, 3, 0};

typedef struct {
    PyObject_HEAD
    PyTypeObject *tag;
    uint32_t chunk_bytes;
    /* Whose chunk goes on with the next bytes, and for how long. */
    Stream *broken_off;
    uint32_t rest;
    /* A header that is not whole. */
    uint8_t pending[LONGEST_HEADER_BYTES];
    size_t pending_bytes;
    Streams streams;
} Reader;

typedef struct {
    Stream *stream;
    uint32_t value;
    uint8_t shape;
    /* Of the whole header, of its first field (5.3.1.1), and of the extended timestamp. */
    uint8_t bytes, basic_bytes, extended_bytes;
} Header;

static uint32_t big_endian(const uint8_t *at, size_t size)
{
    uint32_t value = 0;
    while (size--)
        value = value << 8 | *at++;
    return value;
}

static size_t smaller(size_t one, size_t other) { return one < other ? one : other; }

/* Read the header at `at` (5.3.1): 1 if it is whole, 0 if not, -1 with an exception. A whole one changes its stream. */
static int read_header(Reader *self, const uint8_t *at, const uint8_t *end, Header *found)
{
    size_t there = (size_t)(end - at);
    uint32_t id = at[0] & 0x3F;
    found->shape = at[0] >> 6;
    found->basic_bytes = id < 2 ? (uint8_t)(id + 2) : 1;
    size_t bytes = found->basic_bytes + HEADER_BYTES[found->shape];
    if (bytes > there)
        return 0;
    if (id < 2) /* the id is in the next byte, or two, the lower one first */
        id = 64 + at[1] + (id ? (uint32_t)at[2] << 8 : 0);
    Stream *stream = stream_of(&self->streams, id);
    if (!stream)
        return -1;
    const uint8_t *fields = at + found->basic_bytes;
    uint32_t field = found->shape < 3 ? big_endian(fields, 3) : stream->field;
    found->extended_bytes = field == EXTENDED ? 4 : 0; /* of each chunk of the message, 5.3.1.3 */
    if (bytes + found->extended_bytes > there)
        return 0;
    found->value = found->extended_bytes ? big_endian(at + bytes, 4) : field;
    found->bytes = (uint8_t)(bytes + found->extended_bytes);
    found->stream = stream;
    stream->field = field;
    if (found->shape < 2) {
        stream->size = big_endian(fields + 3, 3);
        stream->kind = fields[6];
    }
    return 1;
}

/* 5.4.1 and 5.4.2; a message of kind 0 is nobody's. */
static void obey(Reader *self, int kind, const uint8_t *body, size_t size)
{
    uint32_t value = big_endian(body, smaller(size, 4));
    if (kind == SET_CHUNK_SIZE) {
        value &= 0x7FFFFFFF;
        self->chunk_bytes = value ? value : 1;
    } else if (kind == ABORT && known_stream(&self->streams, value)) {
        forget(known_stream(&self->streams, value));
    }
}

/* As `tuple.__new__(Tag, (kind, milliseconds, body))`; takes the reference to `body`, which may be NULL. */
static PyObject *made_tag(const Reader *self, int kind, uint32_t milliseconds, PyObject *body)
{
    PyObject *items[] = {PyLong_FromLong(kind), PyLong_FromUnsignedLong(milliseconds), body};
    int is_whole = items[0] && items[1] && items[2];
    PyObject *tag = is_whole ? PyType_GenericAlloc(self->tag, 3) : NULL;
    for (Py_ssize_t item = 0; item < 3; item++)
        if (!tag)
            Py_XDECREF(items[item]);
        else if (PyTuple_SetItem(tag, item, items[item]) < 0) /* takes the reference even so */
            is_whole = 0;
    if (!is_whole)
        Py_CLEAR(tag);
    return tag;
}

/* Add a message, or do what it says; takes the reference to `body`, which may be NULL. */
static int hand_on(Reader *self, const Stream *stream, PyObject *body, PyObject *messages)
{
    if (body && stream->kind <= ABORT) {
        obey(self, stream->kind, (const uint8_t *)PyBytes_AsString(body), (size_t)PyBytes_Size(body));
        Py_DECREF(body);
        return 0;
    }
    PyObject *tag = made_tag(self, stream->kind, stream->milliseconds, body);
    int failed = !tag || PyList_Append(messages, tag) < 0;
    Py_XDECREF(tag);
    return failed ? -1 : 0;
}

/* The end of a message whose chunks lie one behind the other, NULL where they do not, or not to its end. */
static const uint8_t *end_of_message(const Reader *self, const Header *head, const uint8_t *basic, const uint8_t *at,
                                     const uint8_t *end)
{
    size_t missing = head->stream->size, between = (size_t)head->basic_bytes + head->extended_bytes;
    for (;;) {
        size_t size = smaller(missing, self->chunk_bytes);
        if (size > (size_t)(end - at))
            return NULL;
        at += size;
        missing -= size;
        if (!missing)
            return at;
        if (between > (size_t)(end - at) || at[0] != (0xC0 | basic[0]))
            return NULL;
        if (memcmp(at + 1, basic + 1, head->basic_bytes - 1u)) /* another's, or the same id in another form */
            return NULL;
        at += between;
    }
}

/* A message that is whole in the reader's bytes is copied once, whatever the number of its chunks. */
static PyObject *copied(const Reader *self, const Header *head, const uint8_t *at)
{
    size_t missing = head->stream->size, between = (size_t)head->basic_bytes + head->extended_bytes;
    PyObject *body = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)missing);
    char *to = body ? PyBytes_AsString(body) : NULL;
    while (to && missing) {
        size_t size = smaller(missing, self->chunk_bytes);
        memcpy(to, at, size);
        to += size;
        at += size + between;
        missing -= size;
    }
    return body;
}

/* Take as much of a chunk's payload as is there; returns where it ends, NULL with an exception. */
static const uint8_t *take(Reader *self, Stream *stream, const uint8_t *at, const uint8_t *end, uint32_t size,
                           PyObject *messages)
{
    uint32_t piece = (uint32_t)smaller(size, (size_t)(end - at));
    if (append(stream, at, piece) < 0)
        return NULL;
    self->rest = size - piece;
    self->broken_off = self->rest ? stream : NULL;
    if (!stream->missing) {
        PyObject *body = PyBytes_FromStringAndSize((const char *)stream->body, stream->arrived);
        forget(stream);
        if (hand_on(self, stream, body, messages) < 0)
            return NULL;
    }
    return at + piece;
}

/* The payload at `at` of a chunk whose header begins at `basic`; returns where what was read ends. */
static const uint8_t *read_payload(Reader *self, const Header *head, const uint8_t *basic, const uint8_t *at,
                                   const uint8_t *end, PyObject *messages)
{
    Stream *stream = head->stream;
    if (!stream->is_under_way) { /* a message begins: with its time, or with the distance to the one before */
        stream->milliseconds = head->shape ? stream->milliseconds + head->value : head->value;
        begin(stream);
        const uint8_t *after = end_of_message(self, head, basic, at, end);
        if (after) /* and ends, nearly always */
            return hand_on(self, stream, copied(self, head, at), messages) < 0 ? NULL : after;
    }
    return take(self, stream, at, end, (uint32_t)smaller(stream->missing, self->chunk_bytes), messages);
}

/* The chunk whose header began with earlier bytes; returns where it ends, NULL with an exception. */
static const uint8_t *read_pending(Reader *self, const uint8_t *at, const uint8_t *end, PyObject *messages)
{
    uint8_t joined[2 * LONGEST_HEADER_BYTES];
    size_t before = self->pending_bytes, more = smaller((size_t)(end - at), LONGEST_HEADER_BYTES - before);
    memcpy(joined, self->pending, before);
    if (more)
        memcpy(joined + before, at, more);
    Header head;
    int is_whole = read_header(self, joined, joined + before + more, &head);
    if (is_whole < 0)
        return NULL;
    if (!is_whole) {
        memcpy(self->pending, joined, before + more);
        self->pending_bytes = before + more;
        return end;
    }
    self->pending_bytes = 0;
    return read_payload(self, &head, joined, at + head.bytes - before, end, messages);
}

static int read_all(Reader *self, const uint8_t *at, const uint8_t *end, PyObject *messages)
{
    if (self->broken_off)
        at = take(self, self->broken_off, at, end, self->rest, messages);
    else if (self->pending_bytes)
        at = read_pending(self, at, end, messages);
    while (at && at < end) {
        Header head;
        int is_whole = read_header(self, at, end, &head);
        if (is_whole < 0)
            return -1;
        if (!is_whole) {
            self->pending_bytes = (size_t)(end - at);
            memcpy(self->pending, at, self->pending_bytes);
            return 0;
        }
        at = read_payload(self, &head, at, at + head.bytes, end, messages);
    }
    return at ? 0 : -1;
}

static PyObject *feed(PyObject *object, PyObject *data)
{
    Py_buffer content;
    if (PyObject_GetBuffer(data, &content, PyBUF_SIMPLE) < 0)
        return NULL;
    PyObject *messages = PyList_New(0);
    const uint8_t *at = content.buf;
    if (messages && content.len && read_all((Reader *)object, at, at + content.len, messages) < 0)
        Py_CLEAR(messages);
    PyBuffer_Release(&content);
    return messages;
}

static PyObject *new_reader(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    (void)names;
    PyObject *tag;
    if (!PyArg_ParseTuple(arguments, "O!:ChunkReader", &PyType_Type, &tag))
        return NULL;
    if (!PyType_IsSubtype((PyTypeObject *)tag, &PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "a tag is a tuple");
        return NULL;
    }
    Reader *self = (Reader *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->tag = (PyTypeObject *)Py_NewRef(tag);
    self->chunk_bytes = FIRST_CHUNK_BYTES;
    return (PyObject *)self;
}

static void free_reader(PyObject *object)
{
    Reader *self = (Reader *)object;
    PyTypeObject *type = Py_TYPE(object);
    free_streams(&self->streams);
    Py_XDECREF((PyObject *)self->tag);
    PyObject_Free(object);
    Py_DECREF((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"feed", feed, METH_O, "The messages that the next bytes complete; nothing of the bytes is kept."},
    {NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Joins the chunks of a connection, however its bytes arrive, to messages."},
    {Py_tp_new, (void *)new_reader},
    {Py_tp_dealloc, (void *)free_reader},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "recorder_task.native._loops.ChunkReader",
    .basicsize = sizeof(Reader),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int add_chunks(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    int result = type ? PyModule_AddType(module, (PyTypeObject *)type) : -1;
    Py_XDECREF(type);
    return result;
}
