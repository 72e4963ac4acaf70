<?php
// The portals that may ask, one URL a line: tests serve theirs on whatever port is free.
foreach (file(getenv('PEER_HOME') . '/portals', FILE_IGNORE_NEW_LINES) as $portal) {
    $redirect = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
    $post = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
    $metadata["$portal/saml2/metadata/"] = [
        'AssertionConsumerService' => [
            ['Binding' => $post, 'Location' => "$portal/saml2/acs/", 'index' => 0],
        ],
        'SingleLogoutService' => [['Binding' => $redirect, 'Location' => "$portal/saml2/ls/"]],
        'simplesaml.nameidattribute' => 'uid',
        'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
    ];
}
