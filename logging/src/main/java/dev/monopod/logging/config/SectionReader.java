package dev.monopod.logging.config;

import java.util.ArrayList;
import java.util.List;

/// Reads one file of Fluent Bit's classic format, as EKS has it: directives all indented alike,
/// pairs all indented alike and deeper. Blank lines and those that begin with `#` say nothing.
/// Source: EKS user guide, "Start AWS Fargate logging for your cluster"; Fluent Bit's manual,
/// "Configuration file" of the classic mode.
final class SectionReader {
    private final String file;
    private final List<Section> sections = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private final List<Section.Pair> pairs = new ArrayList<>();
    private final Indentation directives = new Indentation("directives");
    private final Indentation keys = new Indentation("key-value pairs");
    private String kind = "";
    private int kindLine;

    /// The indentation that a kind of line has in a file, once one was seen.
    private static final class Indentation {
        private final String of;
        private String blanks = "";
        private int line;

        private Indentation(String of) {
            this.of = of;
        }

        private boolean known() {
            return line > 0;
        }

        private boolean agrees(String found, int at) {
            if (!known()) {
                blanks = found;
                line = at;
            }
            return blanks.equals(found);
        }
    }

    /// What a file holds; the sections of a file with faults are worth nothing.
    record Contents(List<Section> sections, List<Fault> faults) {
        Contents {
            sections = List.copyOf(sections);
            faults = List.copyOf(faults);
        }
    }

    private SectionReader(String file) {
        this.file = file;
    }

    /// @param file the key of the ConfigMap
    static Contents read(String file, String text) {
        var reader = new SectionReader(file);
        var number = 0;
        for (var line : text.lines().toList()) {
            reader.line(line, ++number);
        }
        reader.endSection();
        return new Contents(reader.sections, reader.faults);
    }

    static String place(String file, int line) {
        return "data[%s] line %d".formatted(file, line);
    }

    private void line(String line, int number) {
        var text = line.strip();
        if (text.isEmpty() || text.startsWith("#")) {
            return;
        }
        if (text.contains("${")) {
            fault(
                    "Environment variables are not allowed",
                    number,
                    "found '%s'; write the value itself".formatted(Fault.quote(text)));
            return;
        }
        var blanks = line.substring(0, line.indexOf(text.charAt(0)));
        if (text.startsWith("@")) {
            fault(
                    "Directives that begin with @ are not allowed",
                    number,
                    "found '%s'; sections are all that may be in it".formatted(Fault.quote(text)));
        } else if (text.startsWith("[")) {
            directive(text, blanks, number);
        } else {
            pair(text, blanks, number);
        }
    }

    private void directive(String text, String blanks, int number) {
        endSection();
        if (!text.endsWith("]")) {
            fault(
                    "A directive has no closing bracket",
                    number,
                    "found '%s'; write it as [NAME]".formatted(Fault.quote(text)));
            return;
        }
        kind = text.substring(1, text.length() - 1).strip();
        kindLine = number;
        indented(directives, blanks, number);
    }

    private void pair(String text, String blanks, int number) {
        if (kindLine == 0) {
            fault(
                    "A key-value pair stands outside of a section",
                    number,
                    "found '%s'; begin with a directive such as [OUTPUT]"
                            .formatted(Fault.quote(text)));
            return;
        }
        if (indented(keys, blanks, number) && !deeper(blanks)) {
            fault(
                    "Key-value pairs have to be indented more than directives",
                    number,
                    "'%s' has %d blanks, the directive of line %d has %d"
                            .formatted(
                                    Fault.quote(text),
                                    blanks.length(),
                                    directives.line,
                                    directives.blanks.length()));
        }
        var parts = text.split("\\s+", 2);
        pairs.add(new Section.Pair(parts[0], parts.length < 2 ? "" : parts[1], number));
    }

    private boolean deeper(String blanks) {
        return blanks.length() > directives.blanks.length() && blanks.startsWith(directives.blanks);
    }

    private boolean indented(Indentation indentation, String blanks, int number) {
        var agrees = indentation.agrees(blanks, number);
        if (!agrees) {
            fault(
                    "The indentation has to be the same for all " + indentation.of,
                    number,
                    "%s here, %s in line %d"
                            .formatted(
                                    described(blanks),
                                    described(indentation.blanks),
                                    indentation.line));
        }
        return agrees;
    }

    private static String described(String blanks) {
        return "%d blanks%s".formatted(blanks.length(), blanks.contains("\t") ? " with tabs" : "");
    }

    private void endSection() {
        if (kindLine > 0) {
            sections.add(new Section(kind, kindLine, pairs));
        }
        kindLine = 0;
        pairs.clear();
    }

    private void fault(String words, int number, String remedy) {
        faults.add(new Fault(words, place(file, number), remedy));
    }
}
