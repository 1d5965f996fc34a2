package dev.monopod.host.image;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A tar, passed on unchanged, and beside it the extended attributes of the entry whose header was
/// read last. The tar library takes their values for text and so spoils them. Reads nothing ahead.
/// It stands before the library as a guard too: headers that the library would read into memory
/// without end, or read in another way, and sparse files, which images should not have, fail before
/// it sees them. What it says of that holds no words of the tar. Source: POSIX pax interchange
/// format; the `SCHILY.xattr.` keys of star, which Docker and BuildKit write.
final class PaxAttributes extends FilterInputStream {
    private static final int BLOCK = 512;
    private static final int TYPE = 156;
    private static final int SIZE = 124;
    private static final int SIZE_LENGTH = 12;
    private static final int CHECKSUM = 148;
    private static final int CHECKSUM_LENGTH = 8;
    private static final int LONGEST = 1 << 20;

    /// Headers that describe the next one; the library follows each by a call within a call.
    private static final int MOST_IN_A_ROW = 8;

    private static final String SPARSE = "GNU.sparse.";
    private static final String PREFIX = "SCHILY.xattr.";

    private final byte[] header = new byte[BLOCK];
    private int headerFilled;
    private long payloadLeft;
    private boolean collecting;
    private boolean global;
    private boolean ended;
    private int inARow;
    private int globalBytes;
    private long paxSize = -1;
    private int paxLength;
    private final ByteArrayOutputStream pax = new ByteArrayOutputStream();
    private Map<String, byte[]> announced = new LinkedHashMap<>();
    private Map<String, byte[]> current = Map.of();

    PaxAttributes(InputStream tar) {
        super(tar);
    }

    /// Of the entry that was read last: those that a container may bring with it. Others, such as
    /// `trusted.overlay.*`, would be taken for the machine's own.
    Map<String, byte[]> current() {
        return current;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        var count = super.read(target, offset, length);
        for (var at = 0; at < count && !ended; ) {
            at += follow(target, offset + at, count - at);
        }
        return count;
    }

    @Override
    public long skip(long count) throws IOException {
        var buffer = new byte[Math.clamp(count, 0, 1 << 13)];
        return Math.max(0, read(buffer, 0, buffer.length));
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    /// Takes in some of the bytes; returns how many.
    private int follow(byte[] bytes, int offset, int length) throws IOException {
        if (payloadLeft > 0) {
            var part = (int) Math.min(payloadLeft, length);
            if (collecting) {
                pax.write(bytes, offset, part);
            }
            payloadLeft -= part;
            if (payloadLeft == 0 && collecting) {
                collecting = false;
                readRecords();
            }
            return part;
        }
        var part = Math.min(BLOCK - headerFilled, length);
        System.arraycopy(bytes, offset, header, headerFilled, part);
        headerFilled += part;
        if (headerFilled == BLOCK) {
            headerFilled = 0;
            readHeader();
        }
        return part;
    }

    private void readHeader() throws IOException {
        if (empty()) {
            // The library reads no entry after this.
            ended = true;
            return;
        }
        var size = number(SIZE, SIZE_LENGTH);
        if (size < 0 || number(CHECKSUM, CHECKSUM_LENGTH) != checksum()) {
            throw new UnfitLayerException("it is no tar, or a damaged one");
        }
        switch (header[TYPE]) {
            case 'x', 'X', 'g' -> {
                describing(size);
                global = header[TYPE] == 'g';
                globalBytes += global ? (int) size : 0;
                if (globalBytes > LONGEST) {
                    throw tooLong();
                }
                pax.reset();
                paxLength = (int) size;
                collecting = size > 0;
            }
            case 'L', 'K' -> describing(size);
            case 'S' -> throw sparse();
            case '1', '2', '3', '4', '5', '6' -> {
                if (size != 0 || paxSize > 0) {
                    throw new UnfitLayerException("an entry that is no file has content");
                }
                entry(0);
            }
            default -> entry(paxSize >= 0 ? paxSize : size);
        }
    }

    private void describing(long size) throws IOException {
        inARow++;
        if (size > LONGEST || inARow > MOST_IN_A_ROW) {
            throw tooLong();
        }
        payloadLeft = padded(size);
    }

    private static UnfitLayerException tooLong() {
        return new UnfitLayerException(
                "an entry has more than %d bytes of headers, or more than %d of them"
                        .formatted(LONGEST, MOST_IN_A_ROW));
    }

    private static UnfitLayerException sparse() {
        return new UnfitLayerException("it holds a sparse file");
    }

    private void entry(long size) {
        inARow = 0;
        current = announced;
        announced = new LinkedHashMap<>();
        paxSize = -1;
        payloadLeft = padded(size);
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts the whole record, and the value is any bytes.
    private void readRecords() throws IOException {
        var bytes = Arrays.copyOf(pax.toByteArray(), paxLength);
        for (var at = 0; at < bytes.length; ) {
            var space = indexOf(bytes, ' ', at);
            var equals = indexOf(bytes, '=', space);
            var length = space < 0 ? 0 : decimal(text(bytes, at, space));
            var end = at + length;
            if (equals < 0 || length <= 0 || end > bytes.length || equals >= end) {
                throw new UnfitLayerException("an entry has headers that do not fit");
            }
            var key = text(bytes, space + 1, equals);
            if (key.startsWith(SPARSE)) {
                throw sparse();
            } else if (key.equals("size")) {
                paxSize = decimal(text(bytes, equals + 1, (int) end - 1));
                if (global || paxSize < 0) {
                    throw new UnfitLayerException("an entry has a size that is none");
                }
            } else if (global) {
                at = (int) end;
                continue;
            } else if (key.startsWith(PREFIX) && kept(key.substring(PREFIX.length()))) {
                announced.put(
                        key.substring(PREFIX.length()),
                        Arrays.copyOfRange(bytes, equals + 1, (int) end - 1));
            }
            at = (int) end;
        }
    }

    private static boolean kept(String name) {
        return name.equals("security.capability") || name.startsWith("user.");
    }

    private static int indexOf(byte[] bytes, char wanted, int from) {
        for (var i = Math.max(from, 0); from >= 0 && i < bytes.length; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    private static long decimal(String text) {
        return text.matches("[0-9]{1,15}") ? Long.parseLong(text) : -1;
    }

    private boolean empty() {
        for (var value : header) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /// Octal text, or base 256 when the highest bit is set; -1 for neither.
    private long number(int offset, int length) {
        if ((header[offset] & 0x80) != 0) {
            var value = 0L;
            for (var i = offset + length - Long.BYTES; i < offset + length; i++) {
                value = value << 8 | header[i] & 0xff;
            }
            return value;
        }
        var text = new String(header, offset, length, StandardCharsets.ISO_8859_1);
        var digits = text.replace('\0', ' ').strip();
        return digits.matches("[0-7]+") ? Long.parseLong(digits, 8) : digits.isEmpty() ? 0 : -1;
    }

    private long checksum() {
        var sum = 0L;
        for (var i = 0; i < BLOCK; i++) {
            var own = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LENGTH;
            sum += own ? ' ' : header[i] & 0xff;
        }
        return sum;
    }

    private static long padded(long size) {
        return (size + BLOCK - 1) / BLOCK * BLOCK;
    }
}
