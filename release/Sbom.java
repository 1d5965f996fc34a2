import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Writes what a release consists of as CycloneDX 1.6, in JSON, to the standard output: each jar, each Go module that is
/// linked into the control plane, each crate that the locks of guest and jail name (those of their tests too), the Java
/// runtime, and what Debian's packages give. Read from the release itself, as far as its files tell; sorted, and the same
/// for the same release.
///
/// Arguments: the checkout, the release's folder, its version. Environment: SOURCE_DATE_EPOCH.
final class Sbom {
    private static final Pattern JAR = Pattern.compile("(.+?)-(\\d[^/]*)\\.jar");
    private static final Pattern CRATE =
            Pattern.compile("(?s)name = \"([^\"]+)\"\nversion = \"([^\"]+)\"(?:\nsource = \"[^\"]+\")?(?:\nchecksum = \"([0-9a-f]+)\")?");

    /// By their package URLs, which order them.
    private final Map<String, Component> components = new TreeMap<>();

    /// @param sha256 in hexadecimal; empty if nobody says
    record Component(String type, String group, String name, String version, String sha256) {}

    public static void main(String[] arguments) throws Exception {
        var checkout = Path.of(arguments[0]);
        var release = Path.of(arguments[1]);
        var bom = new Sbom();
        bom.jars(release.resolve("lib"));
        bom.goModules(release.resolve("monopod-control-plane"));
        bom.crates(checkout.resolve("guest/Cargo.lock"));
        bom.crates(checkout.resolve("jail/Cargo.lock"));
        bom.javaRuntime(release.resolve("runtime/release"));
        bom.gatewayApi(checkout.resolve("control-plane/build.sh"));
        bom.kernel(release.resolve("guest/kernel"));
        // Linked statically into the programs of guest and jail, and the image of the first pod.
        for (var debian : List.of("libc6-dev", "libseccomp-dev", "busybox-static")) {
            bom.debian(debian);
        }
        System.out.print(bom.json(arguments[2]));
    }

    private void jars(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            for (var file : files.sorted().toList()) {
                var name = JAR.matcher(file.getFileName().toString());
                if (!name.matches()) {
                    throw new IOException(file + ": a jar's name has its version");
                }
                var group = group(file, name.group(1));
                put("pkg:maven/%s/%s@%s".formatted(group, name.group(1), name.group(2)),
                        new Component("library", group, name.group(1), name.group(2), sha256(file)));
            }
        }
    }

    /// Maven writes it into most jars.
    private static String group(Path file, String artifact) throws IOException {
        try (var jar = new JarFile(file.toFile())) {
            for (var entry : jar.stream().sorted((a, b) -> a.getName().compareTo(b.getName())).toList()) {
                if (entry.getName().matches("META-INF/maven/[^/]+/" + Pattern.quote(artifact) + "/pom\\.properties")) {
                    return entry.getName().split("/")[2];
                }
            }
            var manifest = jar.getManifest();
            var symbolic = manifest == null ? null : manifest.getMainAttributes().getValue("Bundle-SymbolicName");
            var automatic = manifest == null ? null : manifest.getMainAttributes().getValue("Automatic-Module-Name");
            return Optional.ofNullable(symbolic).or(() -> Optional.ofNullable(automatic)).orElse(artifact).split(";")[0];
        }
    }

    private void goModules(Path program) throws Exception {
        var last = "";
        for (var line : output("go", "version", "-m", program.toString()).lines().toList()) {
            var words = line.strip().split("\t");
            switch (words[0]) {
                case "dep" -> go(last = words[1], words[2]);
                case "=>" -> {
                    components.keySet().removeIf(("pkg:golang/" + last + "@")::startsWith);
                    go(words[1], words[2]);
                }
                default -> {
                    if (line.contains(": go")) {
                        go("stdlib", line.substring(line.lastIndexOf(": go") + 4).split(" ")[0]);
                    }
                }
            }
        }
    }

    private void go(String path, String version) {
        put("pkg:golang/%s@%s".formatted(path, version), new Component("library", "", path, version, ""));
    }

    private void crates(Path lock) throws IOException {
        for (var part : Files.readString(lock).split("\\[\\[package]]\n")) {
            var crate = CRATE.matcher(part);
            if (crate.lookingAt()) {
                var checksum = Optional.ofNullable(crate.group(3)).orElse("");
                put("pkg:cargo/%s@%s".formatted(crate.group(1), crate.group(2)),
                        new Component("library", "", crate.group(1), crate.group(2), checksum));
            }
        }
    }

    private void javaRuntime(Path file) throws IOException {
        var properties = new Properties();
        properties.load(new StringReader(Files.readString(file)));
        var version = properties.getProperty("JAVA_RUNTIME_VERSION", properties.getProperty("JAVA_VERSION")).replace("\"", "");
        var maker = properties.getProperty("IMPLEMENTOR", "").replace("\"", "");
        put("pkg:generic/openjdk@" + version, new Component("platform", maker, "OpenJDK", version, ""));
    }

    private void gatewayApi(Path script) throws IOException {
        var version = Pattern.compile("gateway_api=(v[0-9.]+)").matcher(Files.readString(script));
        if (!version.find()) {
            throw new IOException(script + " names no version of the Gateway API");
        }
        go("sigs.k8s.io/gateway-api", version.group(1));
    }

    private void kernel(Path file) throws IOException {
        var words = Files.readString(file).strip().split(" ");
        put("pkg:deb/debian/%s@%s?arch=source".formatted(words[0], words[1]),
                new Component("operating-system", "Debian", words[0], words[1], ""));
    }

    private void debian(String name) throws Exception {
        var version = output("dpkg-query", "-W", "-f", "${Version}", name);
        put("pkg:deb/debian/%s@%s?arch=amd64".formatted(name, version), new Component("library", "Debian", name, version, ""));
    }

    private void put(String url, Component component) {
        components.put(url, component);
    }

    private String json(String version) {
        var time = Instant.ofEpochSecond(Long.parseLong(System.getenv("SOURCE_DATE_EPOCH")));
        var list = components.entrySet().stream()
                .map(it -> component(it.getKey(), it.getValue()))
                .collect(Collectors.joining(",\n"));
        var serial = UUID.nameUUIDFromBytes((version + list).getBytes(StandardCharsets.UTF_8));
        return """
                {
                  "bomFormat": "CycloneDX",
                  "specVersion": "1.6",
                  "serialNumber": "urn:uuid:%s",
                  "version": 1,
                  "metadata": {"timestamp": "%s", "component": {"type": "application", "bom-ref": "monopod", "name": "monopod", "version": %s}},
                  "components": [
                %s
                  ]
                }
                """.formatted(serial, time, quoted(version), list);
    }

    private static String component(String url, Component it) {
        List<String> fields = new ArrayList<>();
        fields.add("\"type\": " + quoted(it.type()));
        fields.add("\"bom-ref\": " + quoted(url));
        if (!it.group().isEmpty()) {
            fields.add("\"group\": " + quoted(it.group()));
        }
        fields.add("\"name\": " + quoted(it.name()));
        fields.add("\"version\": " + quoted(it.version()));
        fields.add("\"purl\": " + quoted(url.replace("+", "%2B")));
        if (!it.sha256().isEmpty()) {
            fields.add("\"hashes\": [{\"alg\": \"SHA-256\", \"content\": %s}]".formatted(quoted(it.sha256())));
        }
        return "    {" + String.join(", ", fields) + "}";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    private static String output(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
        return output;
    }
}
