namespace ViSurf.Core.Data.Sources;

/// <summary>
/// A file with bytes behind its end that are not in it: where a reader that goes by offsets finds what was rewritten for it.
/// </summary>
/// <param name="file">The file; disposed with this.</param>
internal sealed class ExtendedFile(FileStream file) : Stream
{
    private long _position;

    /// <summary>What stands behind the file's end.</summary>
    public byte[] Behind { get; set; } = [];

    /// <summary>Where <see cref="Behind"/> begins.</summary>
    public long FileLength { get; } = file.Length;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => FileLength + Behind.Length;

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        int read;
        if (_position < FileLength)
        {
            if (file.Position != _position) file.Position = _position;
            read = file.Read(buffer);
        }
        else
        {
            var rest = Behind.AsSpan((int)Math.Min(_position - FileLength, Behind.Length));
            read = Math.Min(rest.Length, buffer.Length);
            rest[..read].CopyTo(buffer);
        }
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    // Whoever waits for this stream waits on the pool; reading at once spares a copy of every buffer.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override long Seek(long offset, SeekOrigin origin) => _position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }
}
