package dev.monopod.controller.serving;

import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The certificates of a service that several replicas serve. Callers trust all of them, and a new
/// one is served only when they have had time to hear of it, so that one follows another without a
/// call that fails. Immutable.
///
/// @param all the oldest first
record CertificatePairs(List<CertificatePair> all) {
    static final Duration LIFE = Duration.ofDays(365);

    /// Of its life, what is left when the next one is made.
    static final Duration RENEWAL = LIFE.dividedBy(3);

    /// How long a new one is trusted before it is served.
    static final Duration ANNOUNCED = Duration.ofMinutes(10);

    /// How long one is trusted that is served no more: a replica that reads nothing new serves it.
    static final Duration SUCCEEDED = Duration.ofDays(1);

    private static final Logger LOG = LoggerFactory.getLogger(CertificatePairs.class);
    private static final String CERTIFICATE = ".crt";
    private static final String KEY = ".key";

    /// @param data of the Secret; what is no pair is left out
    static CertificatePairs parse(Map<String, String> data) {
        var pairs = new ArrayList<CertificatePair>();
        data.forEach((name, certificate) -> {
            if (!name.endsWith(CERTIFICATE)) {
                return;
            }
            var stem = name.substring(0, name.length() - CERTIFICATE.length());
            try {
                pairs.add(CertificatePair.parse(certificate, data.getOrDefault(stem + KEY, "")));
            } catch (GeneralSecurityException malformed) {
                LOG.warn("certificate {} is left out: {}", name, malformed.getMessage());
            }
        });
        pairs.sort(Comparator.comparing(CertificatePair::made));
        return new CertificatePairs(List.copyOf(pairs));
    }

    /// As [#parse] reads it.
    Map<String, String> data() {
        var data = new LinkedHashMap<String, String>();
        for (var pair : all) {
            var stem = Long.toString(pair.made().getEpochSecond());
            data.put(stem + CERTIFICATE, pair.certificate());
            data.put(stem + KEY, pair.key());
        }
        return data;
    }

    /// Which one to serve: the youngest that is announced; empty only without any that is valid.
    Optional<CertificatePair> served(Instant now) {
        var valid = all.stream().filter(pair -> now.isBefore(pair.ends())).toList();
        return valid.reversed().stream()
                .filter(pair -> !now.isBefore(pair.made().plus(ANNOUNCED)))
                .findFirst()
                .or(() -> valid.stream().findFirst());
    }

    /// What callers are to trust, PEM.
    String authorities() {
        return all.stream().map(CertificatePair::certificate).collect(Collectors.joining());
    }

    /// What is to be stored: these, unless one is missing or over.
    ///
    /// @param names that each has to be for
    CertificatePairs kept(Collection<String> names, Instant now) {
        var kept = new ArrayList<CertificatePair>();
        for (int i = 0; i < all.size(); i++) {
            var pair = all.get(i);
            var succeeded =
                    i + 1 < all.size()
                            && now.isAfter(all.get(i + 1).made().plus(ANNOUNCED).plus(SUCCEEDED));
            if (now.isBefore(pair.ends()) && !succeeded && pair.names().containsAll(names)) {
                kept.add(pair);
            }
        }
        if (kept.isEmpty() || !now.isBefore(kept.getLast().ends().minus(RENEWAL))) {
            kept.add(CertificatePair.make(names, now, LIFE));
        }
        return new CertificatePairs(List.copyOf(kept));
    }
}
