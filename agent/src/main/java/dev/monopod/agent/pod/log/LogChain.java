package dev.monopod.agent.pod.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The files of one attempt's log as one, oldest first, while its writer goes on and rotates them:
/// no line is lost or given twice, unless its file is removed before it was come to.
final class LogChain implements AutoCloseable {
    private static final int ATTEMPTS = 100;

    private final Path directory;
    private final int attempt;
    private final List<LineSource> sources = new ArrayList<>();
    private int at;

    private LogChain(Path directory, int attempt) {
        this.directory = directory;
        this.attempt = attempt;
    }

    /// Holds every file that is there now; none may be there yet.
    static LogChain open(Path directory, int attempt) throws IOException {
        var chain = new LogChain(directory, attempt);
        for (var i = 0; i < ATTEMPTS; i++) {
            var names = chain.names();
            if (chain.openAll(names) && names.equals(chain.names())) {
                return chain;
            }
            // Rotated meanwhile, so that a name may mean another file than it did.
            chain.close();
        }
        throw new IOException("the log in " + directory + " rotates faster than it can be read");
    }

    private List<Path> names() throws IOException {
        List<Path> names = new ArrayList<>(LogFile.rotated(directory, attempt));
        var current = LogFile.current(directory, attempt);
        if (Files.exists(current)) {
            names.add(current);
        }
        return names;
    }

    private boolean openAll(List<Path> names) throws IOException {
        try {
            for (var name : names) {
                sources.add(LineSource.open(name));
            }
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /// The next whole line; empty when there is none yet.
    byte[] next() throws IOException {
        while (at < sources.size()) {
            var line = sources.get(at).next();
            if (line.length > 0) {
                return line;
            }
            if (at + 1 == sources.size()) {
                return line;
            }
            at++;
        }
        return new byte[0];
    }

    /// Takes in the files that came after the last one; true if there is one. To be called at the
    /// end, and followed by [#next]: what the last file was given before its end is still read.
    boolean grow() throws IOException {
        var current = LogFile.current(directory, attempt);
        if (!sources.isEmpty() && sources.getLast().is(current)) {
            return false;
        }
        var names = names();
        var from = 0;
        for (var i = 0; i < names.size() && !sources.isEmpty(); i++) {
            if (sources.getLast().is(names.get(i))) {
                from = i + 1;
            }
        }
        var before = sources.size();
        openAll(names.subList(from, names.size()));
        return sources.size() > before;
    }

    /// Back to the first line.
    void rewind() throws IOException {
        for (var source : sources) {
            source.rewind();
        }
        at = 0;
    }

    @Override
    public void close() throws IOException {
        for (var source : sources) {
            source.close();
        }
        sources.clear();
        at = 0;
    }
}
