//! A QR code as a PNG: black on white with the margin that readers need (ISO/IEC 18004: four modules).

use qrcodegen::{QrCode, QrCodeEcc};

use crate::error::AuthError;

const MARGIN: i32 = 4;
/// Pixels along the side of a module.
const SCALE: i32 = 6;

/// The PNG of this text.
///
/// # Errors
/// [`AuthError::Crypto`] when the text is too long for a QR code.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, AuthError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(AuthError::crypto)?;
    let side = (code.size() + 2 * MARGIN) * SCALE;
    let mut rows = Vec::new();
    for y in 0..side {
        for byte in 0..(side + 7) / 8 {
            rows.push((0..8).fold(0, |bits, bit| (bits << 1) | u8::from(is_white(&code, byte * 8 + bit, y))));
        }
    }
    let mut file = Vec::new();
    let pixels = side.unsigned_abs();
    let mut encoder = png::Encoder::new(&mut file, pixels, pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(AuthError::crypto)?;
    writer.write_image_data(&rows).map_err(AuthError::crypto)?;
    writer.finish().map_err(AuthError::crypto)?;
    Ok(file)
}

fn is_white(code: &QrCode, x: i32, y: i32) -> bool {
    // Outside of the code every module is white.
    !code.get_module(x.div_euclid(SCALE) - MARGIN, y.div_euclid(SCALE) - MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a PNG with the corner mark of a QR code behind the margin.
    #[test]
    fn a_text_becomes_a_picture() {
        let file = png("otpauth://totp/CoLink:ada?secret=GEZDGNBVGY3TQOJQ").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let mut picture = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut picture).unwrap();
        assert_eq!((info.width, info.bit_depth), (info.height, png::BitDepth::One));
        let white = |x: usize, y: usize| picture[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 1;
        assert!(white(0, 0) && white(23, 23));
        assert!(!white(24, 24), "the corner mark is black");
        assert!(png(&"x".repeat(5000)).is_err());
    }
}
