//! Black and white pictures as PNG (W3C PNG, third edition), uncompressed: phones that know WeChat read QR codes out of
//! pictures, and few of them out of drawings.

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// Most bytes of a block that is stored as it is (RFC 1951, section 3.2.4).
const LONGEST_BLOCK: usize = 0xffff;

/// The modulus of Adler-32 (RFC 1950).
const ADLER: u32 = 65_521;

/// A square picture of this many pixels a side; `dark` says of a place (from left, from above) whether it is black.
pub fn square(side: u32, dark: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..side {
        // The row as it is: no filter.
        rows.push(0);
        for byte in 0..side.div_ceil(8) {
            let bits = (0..8).map(|bit| byte * 8 + bit).map(|x| x >= side || !dark(x, y));
            rows.push(bits.fold(0, |byte, white| byte << 1 | u8::from(white)));
        }
    }
    // One bit for each pixel, in grey, without interlacing.
    let mut header = [side.to_be_bytes(), side.to_be_bytes()].concat();
    header.extend([1, 0, 0, 0, 0]);
    let mut picture = SIGNATURE.to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", stored(&rows)), (b"IEND", Vec::new())] {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        picture.extend(length.to_be_bytes());
        let chunk = [kind.as_slice(), &data].concat();
        picture.extend_from_slice(&chunk);
        picture.extend(crc(&chunk).to_be_bytes());
    }
    picture
}

/// A zlib stream of blocks that are stored as they are.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(LONGEST_BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    let (low, high) = data.iter().fold((1, 0), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % ADLER;
        (low, (high + low) % ADLER)
    });
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

/// The checksum of a chunk: CRC-32 as of ISO 3309.
fn crc(data: &[u8]) -> u32 {
    let sum = data.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(
            sum ^ u32::from(byte),
            |sum, _| {
                if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 }
            },
        )
    });
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_their_documents() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        assert_eq!(stored(b"Wikipedia")[16..], 0x11e6_0398_u32.to_be_bytes());
    }

    #[test]
    fn a_picture_of_three_by_three_holds_three_rows_of_bits() {
        let picture = square(3, |x, y| x == y);
        assert_eq!(picture[..8], SIGNATURE);
        assert_eq!(&picture[12..29], b"IHDR\0\0\0\x03\0\0\0\x03\x01\0\0\0\0");
        let data = picture.windows(4).position(|at| at == b"IDAT").unwrap() + 4;
        // Header, last block, its length and complement, then rows: filter and pixels, white beyond the edge.
        let block = [0x78, 0x01, 1, 6, 0, 0xf9, 0xff, 0, 0b0111_1111, 0, 0b1011_1111, 0, 0b1101_1111];
        assert_eq!(picture[data..data + block.len()], block);
        assert_eq!(
            picture[picture.len() - 12..],
            [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]
        );
    }

    #[test]
    fn a_large_picture_is_in_several_blocks() {
        let picture = square(1_000, |_, _| false);
        assert_eq!(picture.len(), 8 + 25 + 12 + 2 + 2 * 5 + 1_000 * 126 + 4 + 12);
    }
}
