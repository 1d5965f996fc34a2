package dev.monopod.agent.kubelet;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// What a client has sent on one stream and nobody has read yet. The event loop puts in without
/// waiting; a blocking reader takes out. Above its limit the connection is not read.
final class ReceiveBuffer extends InputStream {
    private static final int HIGH_BYTES = 256 * 1024;
    private static final int LOW_BYTES = 64 * 1024;

    private final PeerConnection connection;
    private final IntConsumer consumed;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
    private int firstOffset;
    private int size;
    private boolean paused;
    private boolean ended;
    private boolean closed;
    private @Nullable IOException failure;

    /// @param consumed told how many bytes have been read or discarded
    ReceiveBuffer(PeerConnection connection, IntConsumer consumed) {
        this.connection = connection;
        this.consumed = consumed;
    }

    void offer(byte[] bytes) {
        lock.lock();
        try {
            if (bytes.length == 0 || ended || failure != null) {
                return;
            }
            if (!closed) {
                chunks.add(bytes);
                size += bytes.length;
                changed.signalAll();
                if (size > HIGH_BYTES && !paused) {
                    paused = true;
                    connection.pauseReading();
                }
                return;
            }
        } finally {
            lock.unlock();
        }
        consumed.accept(bytes.length);
    }

    /// No more will come; what is there can still be read.
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Readers fail from now on.
    void fail(IOException cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        int taken;
        lock.lock();
        try {
            while (size == 0) {
                if (failure != null) {
                    throw new IOException(failure.getMessage(), failure);
                }
                if (ended || closed) {
                    return -1;
                }
                changed.await();
            }
            taken = take(target, offset, length);
        } catch (InterruptedException _) {
            throw PeerConnection.interrupted();
        } finally {
            lock.unlock();
        }
        consumed.accept(taken);
        return taken;
    }

    private int take(byte[] target, int offset, int length) {
        var taken = 0;
        while (taken < length && size > 0) {
            var first = chunks.element();
            var part = Math.min(length - taken, first.length - firstOffset);
            System.arraycopy(first, firstOffset, target, offset + taken, part);
            taken += part;
            size -= part;
            firstOffset += part;
            if (firstOffset == first.length) {
                chunks.remove();
                firstOffset = 0;
            }
        }
        resumeIfLow();
        return taken;
    }

    @Override
    public int available() {
        lock.lock();
        try {
            return size;
        } finally {
            lock.unlock();
        }
    }

    /// Discards what is there and what still comes, so that an unread stream does not stop others.
    @Override
    public void close() {
        int discarded;
        lock.lock();
        try {
            closed = true;
            discarded = size;
            chunks.clear();
            size = 0;
            firstOffset = 0;
            resumeIfLow();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (discarded > 0) {
            consumed.accept(discarded);
        }
    }

    private void resumeIfLow() {
        if (paused && size <= LOW_BYTES) {
            paused = false;
            connection.resumeReading();
        }
    }
}
