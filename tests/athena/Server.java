// Starts Trino's server from its library: the distribution's own launcher does no more.
public final class Server {
    private Server() {}

    public static void main(String[] arguments) {
        new io.trino.server.Server().start(arguments[0]);
    }
}
