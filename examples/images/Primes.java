import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/// Counts the primes below its first argument and writes the count to the file of its second.
public final class Primes {
    private Primes() {}

    public static void main(String[] arguments) throws IOException {
        int limit = Integer.parseInt(arguments[0]);
        long count = IntStream.range(2, limit).filter(Primes::prime).count();
        Files.writeString(Path.of(arguments[1]), count + "\n");
        System.out.println("primes below " + limit + ": " + Files.readString(Path.of(arguments[1])).strip());
    }

    private static boolean prime(int number) {
        return IntStream.rangeClosed(2, (int) Math.sqrt(number)).noneMatch(it -> number % it == 0);
    }
}
