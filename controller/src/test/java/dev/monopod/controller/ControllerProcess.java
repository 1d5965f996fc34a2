package dev.monopod.controller;

import dev.monopod.testkit.api.ApiServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The controller as a process of its own.
public final class ControllerProcess {
    /// After those of [ApiServer]; each controller has four.
    private static final int FIRST_PORT = Integer.getInteger("monopod.test.port", 21_010) + 3;

    private ControllerProcess() {}

    /// @param number of the controller, from 0; decides about its ports
    /// @param log what it says goes there
    public static Process start(ApiServer apiServer, int number, String identity, Path log)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(ControllerMain.class.getName());
        var webhooks = "127.0.0.1:" + port(number, 0);
        command.addAll(
                List.of(
                        "--kubeconfig=" + apiServer.kubeconfig(),
                        "--identity=" + identity,
                        "--webhook-bind=" + webhooks,
                        "--webhook-url=https://" + webhooks,
                        "--webhook-ca-cert=" + apiServer.pki("webhook-ca.crt"),
                        "--webhook-cert=" + apiServer.pki("webhook.crt"),
                        "--webhook-key=" + apiServer.pki("webhook.key"),
                        "--health-bind=127.0.0.1:" + port(number, 1),
                        "--eks-bind=127.0.0.1:" + port(number, 2),
                        "--eks-auth-bind=127.0.0.1:" + agentsPort(number),
                        "--eks-cert=" + apiServer.pki("eks.crt"),
                        "--eks-key=" + apiServer.pki("eks.key"),
                        "--api-server-ca-cert=" + apiServer.pki("ca.crt"),
                        "--api-server-url=https://127.0.0.1",
                        "--service-cidr=10.100.0.0/16",
                        "--service-account-issuer=https://kubernetes.default.svc"));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /// Where agents ask for credentials of their pods.
    static int agentsPort(int number) {
        return port(number, 3);
    }

    private static int port(int number, int ofFour) {
        return FIRST_PORT + 4 * number + ofFour;
    }
}
