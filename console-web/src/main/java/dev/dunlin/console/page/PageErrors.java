package dev.dunlin.console.page;

import dev.dunlin.credential.CertificateNotFoundException;
import dev.dunlin.credential.CredentialNotFoundException;
import dev.dunlin.database.DatabaseFault;
import dev.dunlin.permission.PermissionNotFoundException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;

/** Turns what services refuse, and a database that is away or full, into pages. */
@ControllerAdvice
class PageErrors {
    private static final Logger log = LoggerFactory.getLogger(PageErrors.class);
    private static final int INSUFFICIENT_STORAGE = 507;

    @ExceptionHandler({
        CertificateNotFoundException.class,
        CredentialNotFoundException.class,
        PermissionNotFoundException.class
    })
    void notFound(HttpServletResponse response) throws IOException {
        response.sendError(HttpServletResponse.SC_NOT_FOUND);
    }

    /** What is not the database's state is a fault of ours, and goes its way. */
    @ExceptionHandler({DataAccessException.class, TransactionException.class})
    void database(RuntimeException failure, HttpServletResponse response) throws IOException {
        var fault = DatabaseFault.of(failure);
        if (fault == DatabaseFault.NONE) {
            throw failure;
        }
        log.debug("A page cannot be made for want of the database", failure);
        response.sendError(
                fault == DatabaseFault.FULL ? INSUFFICIENT_STORAGE : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
    }
}
