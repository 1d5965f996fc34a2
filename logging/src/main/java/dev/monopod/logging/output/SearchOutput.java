package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Optional;

/// Output `es`: OpenSearch and Elasticsearch, by `_bulk`. Source: Fluent Bit's manual,
/// "Elasticsearch" and "OpenSearch".
///
/// @param type of documents, which servers since Elasticsearch 8 and OpenSearch 2 refuse; empty:
///   none
public record SearchOutput(Server server, Index index, String type, Document document)
        implements Output {
    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter NANOS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'")
                    .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("yyyy.MM.dd").withZone(ZoneOffset.UTC);

    /// @param path before `/_bulk`; empty, or begins with a slash
    /// @param pipeline of ingestion; empty: none
    /// @param caller as whom it is asked
    public record Server(
            String host,
            int port,
            boolean tls,
            boolean verifies,
            String path,
            String pipeline,
            Caller caller) {}

    /// As whom a server is asked.
    public sealed interface Caller {
        record Nobody() implements Caller {}

        /// By basic authentication.
        record User(String name, String password) implements Caller {
            @Override
            public String toString() {
                return "User[" + name + "]";
            }
        }

        /// As who has the credentials of AWS that the process finds, or a role that this one takes
        /// on, by Signature Version 4.
        ///
        /// @param service `es`, or `aoss` for OpenSearch Serverless
        record Signer(String region, String service, Optional<AssumedRole> role)
                implements Caller {}
    }

    /// @param dated a prefix with the record's day; else all records go to `name`
    record Index(boolean dated, String name) {}

    /// @param operation `create` or `index`
    /// @param idKey the document's id stands there; empty: the server finds one
    record Document(
            String timeKey,
            boolean nanos,
            Optional<String> tagKey,
            boolean replacesDots,
            String operation,
            Optional<String> idKey) {}

    static SearchOutput read(Parameters parameters) {
        parameters.ignore(
                "Buffer_Size",
                "Workers",
                "Retry_Limit",
                "Trace_Output",
                "Trace_Error",
                "net.connect_timeout",
                "net.keepalive",
                "storage.total_limit_size");
        parameters.unless("Logstash_DateFormat", "%y.%m.%d");
        parameters.unless("Logstash_Prefix_Separator", "-");
        parameters.unless("Time_Key_Format", "%y-%m-%dt%h:%m:%s");
        parameters.unless("Compress", "");
        parameters.unless("Generate_ID", "off", "false");
        parameters.unless("Current_Time_Index", "off", "false");
        var dated = parameters.flag("Logstash_Format", false);
        var prefix = parameters.text("Logstash_Prefix", "logstash");
        var index = parameters.text("Index", "fluent-bit");
        var type = parameters.text("Type", "_doc");
        return new SearchOutput(
                server(parameters),
                new Index(dated, dated ? prefix : index),
                parameters.flag("Suppress_Type_Name", false) ? "" : type,
                document(parameters));
    }

    private static Server server(Parameters parameters) {
        var host = Endpoint.host(parameters);
        var port = Endpoint.port(parameters, 9200);
        var path = parameters.text("Path", "");
        if (!path.matches("(/[A-Za-z0-9._~%-]*)*")) {
            parameters.wrong("'%s' is no Path".formatted(path), "begin it with a slash");
        }
        var pipeline = parameters.text("Pipeline", "");
        if (!pipeline.matches("[A-Za-z0-9._-]*")) {
            parameters.wrong("'%s' is no Pipeline".formatted(pipeline), "write its name");
        }
        return new Server(
                host,
                port,
                parameters.flag("tls", false),
                parameters.flag("tls.verify", true),
                path,
                pipeline,
                caller(parameters));
    }

    /// A signature goes before a password, as with Fluent Bit.
    private static Caller caller(Parameters parameters) {
        var password = parameters.text("HTTP_Passwd", "");
        var user = parameters.text("HTTP_User");
        var signs = parameters.flag("AWS_Auth", false);
        var region = parameters.text("AWS_Region", "");
        var service = parameters.text("AWS_Service_Name", "es");
        var role =
                AssumedRole.read(parameters, "AWS_Role_ARN", "AWS_External_ID", "AWS_STS_Endpoint");
        parameters.unless("AWS_Profile", "");
        if (!signs) {
            return user.<Caller>map(name -> new Caller.User(name, password))
                    .orElseGet(Caller.Nobody::new);
        }
        if (!region.matches("[a-z0-9-]{1,30}")) {
            parameters.wrong(
                    region.isEmpty()
                            ? "AWS_Auth is On and there is no AWS_Region"
                            : "'%s' is no AWS_Region".formatted(region),
                    "write the region of the domain, for example us-west-2");
        }
        if (!service.equals("es") && !service.equals("aoss")) {
            parameters.wrong(
                    "'%s' is no AWS_Service_Name that is served".formatted(service),
                    "write es or aoss");
        }
        return new Caller.Signer(region, service, role);
    }

    private static Document document(Parameters parameters) {
        var tagKey = parameters.text("Tag_Key", "_flb-key");
        var operation =
                parameters.text("Write_Operation", "create").toLowerCase(java.util.Locale.ROOT);
        if (!operation.equals("create") && !operation.equals("index")) {
            parameters.wrong(
                    "'%s' is no Write_Operation that is served".formatted(operation),
                    "write create or index");
        }
        return new Document(
                parameters.text("Time_Key", "@timestamp"),
                parameters.flag("Time_Key_Nanos", false),
                parameters.flag("Include_Tag_Key", false) ? Optional.of(tagKey) : Optional.empty(),
                parameters.flag("Replace_Dots", false),
                operation,
                parameters.text("Id_Key"));
    }

    /// Two lines of a `_bulk` request: what to do, and the document.
    public String lines(LogRecord record) {
        var action = new LinkedHashMap<String, Value>();
        action.put("_index", new Value.Text(indexOf(record.time())));
        if (!type.isEmpty()) {
            action.put("_type", new Value.Text(type));
        }
        document.idKey()
                .flatMap(record.body()::find)
                .ifPresent(id -> action.put("_id", new Value.Text(id.asText())));
        var entries = new LinkedHashMap<String, Value>();
        entries.put(
                document.timeKey(),
                new Value.Text((document.nanos() ? NANOS : MILLIS).format(record.time())));
        document.tagKey().ifPresent(key -> entries.put(key, new Value.Text(record.tag())));
        var body = document.replacesDots() ? withoutDots(record.body()) : record.body();
        body.entries().forEach(entries::putIfAbsent);
        return Json.write(Value.Table.of(document.operation(), new Value.Table(action)))
                + "\n"
                + Json.write(new Value.Table(entries))
                + "\n";
    }

    private String indexOf(Instant time) {
        return index.dated() ? index.name() + "-" + DAY.format(time) : index.name();
    }

    private static Value.Table withoutDots(Value.Table table) {
        var entries = new LinkedHashMap<String, Value>();
        table.entries()
                .forEach((key, value) ->
                        entries.put(
                                key.replace('.', '_'),
                                value instanceof Value.Table inner ? withoutDots(inner) : value));
        return new Value.Table(entries);
    }
}
