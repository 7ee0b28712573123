/* The packets of one elementary stream of MPEG-TS (ISO/IEC 13818-1, 2.4.3.2 to 2.4.3.7), without Python. */

#ifndef TAPEDECK_TS_PACKETS_H
#define TAPEDECK_TS_PACKETS_H

#include <stddef.h>
#include <stdint.h>

enum { PACKET_BYTES = 188, HEADER_BYTES = 4, BODY_BYTES = PACKET_BYTES - HEADER_BYTES };

static const int64_t NO_CLOCK = INT64_MIN;

/* A stream and its continuity counter. */
typedef struct {
    uint16_t pid;
    uint8_t stream_id;
    uint8_t has_length; /* its PES packets say how long they are; those of video may leave it out */
    uint8_t counter;
    uint8_t is_discontinuous; /* as its next packet will say: before that one there may be anything */
} TsStream;

/* What a PES packet says in front of its content. */
typedef struct {
    int64_t pts, dts; /* ticks of 90 kHz, of which 33 bits are written */
    int64_t clock;    /* the same, or NO_CLOCK */
    int is_random_access;
    size_t content_bytes;
} PesHead;

/* A PES packet under way. */
typedef struct {
    TsStream *stream;
    uint8_t *out;      /* where the next byte goes */
    size_t room_bytes; /* in the packet that is open */
    size_t left_bytes; /* that have to come yet */
} Pes;

/* Exactly how many bytes its packets have. */
size_t pes_bytes(const TsStream *stream, const PesHead *head);

/* Begin at `out`, where `pes_bytes` have room; `content_bytes` have to be appended then, no more and no fewer. */
Pes pes_begin(TsStream *stream, const PesHead *head, uint8_t *out);
void pes_append(Pes *pes, const uint8_t *content, size_t bytes);

#endif
