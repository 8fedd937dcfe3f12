package dev.dunlin.console.page;

import dev.dunlin.credential.CertificateNotFoundException;
import dev.dunlin.credential.CredentialNotFoundException;
import dev.dunlin.permission.PermissionNotFoundException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;

/** Turns what services refuse, and a database that is away, into pages. */
@ControllerAdvice
class PageErrors {
    private static final Logger log = LoggerFactory.getLogger(PageErrors.class);

    @ExceptionHandler({
        CertificateNotFoundException.class,
        CredentialNotFoundException.class,
        PermissionNotFoundException.class
    })
    void notFound(HttpServletResponse response) throws IOException {
        response.sendError(HttpServletResponse.SC_NOT_FOUND);
    }

    @ExceptionHandler({
        CannotCreateTransactionException.class,
        DataAccessResourceFailureException.class,
        RecoverableDataAccessException.class,
        TransientDataAccessException.class,
        TransactionSystemException.class
    })
    void databaseAway(Exception failure, HttpServletResponse response) throws IOException {
        log.warn(
                "The database does not answer: {}. Pages say so until it does.",
                NestedExceptionUtils.getMostSpecificCause(failure).getMessage());
        response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
    }
}
