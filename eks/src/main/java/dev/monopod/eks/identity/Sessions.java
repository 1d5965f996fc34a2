package dev.monopod.eks.identity;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Keys of sessions, of which nothing is kept: the session token says who it is, and a code that
/// only this cluster can make proves it. The token is no secret by itself; the secret access key is
/// derived from it by the same [SessionSecret]. A session is good until it expires, even if the
/// user or role behind it is deleted before. Any thread may call.
public final class Sessions implements AccessKeys {
    private static final String KIND = "ASIA";
    private static final String HMAC = "HmacSHA256";
    private static final int CODE_BYTES = 32;
    private static final int TOKEN_CHARACTERS_MAX = 2048;
    private static final int SECRET_CHARACTERS = 40;
    private static final ObjectMapper JSON = new ObjectMapper();

    /// What a code or a key is of, so that one is never good as the other.
    private static final String OF_TOKEN = "monopod.dev session token 1\n";

    private static final String OF_KEY = "monopod.dev session key 1\n";

    private final SessionSecret secret;
    private final RandomGenerator random;

    /// What a token says.
    ///
    /// @param expires in seconds since 1970
    record Claims(String id, String account, String arn, String user, long expires) {}

    /// @param random whose next numbers nobody can guess
    public Sessions(SessionSecret secret, RandomGenerator random) {
        this.secret = secret;
        this.random = random;
    }

    /// Begins a session.
    ///
    /// @param arn who it is, such as `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`
    /// @param expires is cut to the second
    public SessionCredentials begin(String accountId, String arn, String userId, Instant expires) {
        var until = expires.truncatedTo(ChronoUnit.SECONDS);
        var id = Identifiers.random(KIND, random);
        var claims = json(new Claims(id, accountId, arn, userId, until.getEpochSecond()));
        var key = secret.bytes();
        var code = hmac(key, OF_TOKEN, claims);
        var token = Arrays.copyOf(claims, claims.length + code.length);
        System.arraycopy(code, 0, token, claims.length, code.length);
        return new SessionCredentials(id, secretKey(key, claims), encoded(token), until);
    }

    @Override
    public Optional<AccessKey> find(String accessKeyId, Optional<String> sessionToken) {
        if (sessionToken.isEmpty() || !Identifiers.isOne(KIND, accessKeyId)) {
            return Optional.empty();
        }
        return decoded(sessionToken.get())
                .flatMap(this::key)
                .filter(key -> key.id().equals(accessKeyId));
    }

    private Optional<AccessKey> key(byte[] token) {
        var claims = Arrays.copyOf(token, token.length - CODE_BYTES);
        var code = Arrays.copyOfRange(token, claims.length, token.length);
        var key = secret.bytes();
        if (!MessageDigest.isEqual(hmac(key, OF_TOKEN, claims), code)) {
            return Optional.empty();
        }
        var said = claims(claims);
        return Optional.of(
                new AccessKey(
                        said.id(),
                        secretKey(key, claims),
                        new Caller(said.id(), said.account(), said.arn(), said.user()),
                        Optional.of(Instant.ofEpochSecond(said.expires()))));
    }

    /// Empty if it cannot be a token. Of the ways to write the same bytes only ours is one.
    private static Optional<byte[]> decoded(String token) {
        if (token.length() > TOKEN_CHARACTERS_MAX) {
            return Optional.empty();
        }
        try {
            var bytes = Base64.getUrlDecoder().decode(token);
            return bytes.length > CODE_BYTES && encoded(bytes).equals(token)
                    ? Optional.of(bytes)
                    : Optional.empty();
        } catch (IllegalArgumentException notEncoded) {
            return Optional.empty();
        }
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String secretKey(byte[] key, byte[] claims) {
        return Base64.getEncoder()
                .encodeToString(hmac(key, OF_KEY, claims))
                .substring(0, SECRET_CHARACTERS);
    }

    private static byte[] json(Claims claims) {
        try {
            return JSON.writeValueAsBytes(claims);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /// Of a text that we wrote.
    private static Claims claims(byte[] json) {
        try {
            return JSON.readValue(json, Claims.class);
        } catch (IOException bug) {
            throw new UncheckedIOException("a token of ours cannot be read", bug);
        }
    }

    private static byte[] hmac(byte[] key, String purpose, byte[] content) {
        try {
            var mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            mac.update(purpose.getBytes(StandardCharsets.UTF_8));
            return mac.doFinal(content);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java has " + HMAC, impossible);
        }
    }
}
