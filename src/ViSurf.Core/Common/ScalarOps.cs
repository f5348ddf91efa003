using TorchSharp;
using static TorchSharp.torch;

namespace ViSurf.Core.Common;

/// <summary>
/// Arithmetic between tensors and numbers; the library does it nowhere else. TorchSharp wraps a number in a native scalar that nothing
/// keeps alive during the native call: a garbage collection at that moment frees it, and the call reads freed memory ("Unknown
/// scalar type", once in some ten thousand steps, or a wrong number). Here the scalar lives until the call has returned. Code of
/// one's own does the same with <c>using Scalar half = 0.5;</c> before <c>x * half</c>.
/// </summary>
internal static class ScalarOps
{
    /// <summary>A sum has a factor, 1, which is a scalar too.</summary>
    public static Tensor Plus(this Tensor x, Tensor y)
    {
        using Scalar one = 1;
        return x.add(y, one);
    }

    public static Tensor Plus(this Tensor x, double number)
    {
        using Scalar scalar = number, one = 1;
        return x.add(scalar, one);
    }

    public static Tensor Plus(this Tensor x, long number)
    {
        using Scalar scalar = number, one = 1;
        return x.add(scalar, one);
    }

    public static Tensor Minus(this Tensor x, long number)
    {
        using Scalar scalar = number;
        return x.sub(scalar);
    }

    public static Tensor Times(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul(scalar);
    }

    public static Tensor Times(this Tensor x, long number)
    {
        using Scalar scalar = number;
        return x.mul(scalar);
    }

    public static Tensor Over(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div(scalar);
    }

    public static Tensor AtLeast(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.clamp_min(scalar);
    }

    /// <summary>For integers: a number with a fraction would turn them into floats.</summary>
    public static Tensor AtLeast(this Tensor x, long number)
    {
        using Scalar scalar = number;
        return x.clamp_min(scalar);
    }

    public static Tensor AtMost(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.clamp_max(scalar);
    }

    public static Tensor AtMost(this Tensor x, long number)
    {
        using Scalar scalar = number;
        return x.clamp_max(scalar);
    }

    public static Tensor Between(this Tensor x, double low, double high)
    {
        using Scalar from = low, to = high;
        return x.clamp(from, to);
    }

    public static Tensor IsBelow(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.lt(scalar);
    }

    public static Tensor IsAtMost(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.le(scalar);
    }

    public static Tensor IsAbove(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.gt(scalar);
    }

    /// <summary><paramref name="number"/> where <paramref name="mask"/> is true.</summary>
    public static Tensor Replace(this Tensor x, Tensor mask, double number)
    {
        using Scalar scalar = number;
        return x.masked_fill(mask, scalar);
    }

    /// <summary><paramref name="number"/> at the given indices of a dimension.</summary>
    public static Tensor Replace(this Tensor x, long dimension, Tensor index, double number)
    {
        using Scalar scalar = number;
        return x.index_fill(dimension, index, scalar);
    }

    /// <summary><paramref name="number"/> everywhere, in the shape, dtype and place of <paramref name="x"/>.</summary>
    public static Tensor Filled(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return full_like(x, scalar);
    }

    /// <summary>int64 0, 1, … <paramref name="count"/> − 1.</summary>
    public static Tensor Range(long count, Device? device = null)
    {
        using Scalar from = 0L, to = count, step = 1L;
        return arange(from, to, step, ScalarType.Int64, device);
    }

    public static Tensor PlusInPlace(this Tensor x, double number)
    {
        using Scalar scalar = number, one = 1;
        return x.add_(scalar, one);
    }

    /// <summary>x += factor · y.</summary>
    public static Tensor PlusInPlace(this Tensor x, Tensor y, double factor)
    {
        using Scalar scalar = factor;
        return x.add_(y, scalar);
    }

    /// <summary>x += y, both of integers, whose factor must be one too; what is too large begins again at the smallest.</summary>
    public static Tensor PlusIntegersInPlace(this Tensor x, Tensor y)
    {
        using Scalar one = 1L;
        return x.add_(y, one);
    }

    /// <summary>x += factor · y, of integers.</summary>
    public static Tensor PlusMultipleInPlace(this Tensor x, Tensor y, long factor)
    {
        using Scalar scalar = factor;
        return x.add_(y, scalar);
    }

    public static Tensor TimesInPlace(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul_(scalar);
    }

    public static Tensor OverInPlace(this Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div_(scalar);
    }

    /// <summary>x += factor · a · b.</summary>
    public static Tensor PlusProductInPlace(this Tensor x, Tensor a, Tensor b, double factor)
    {
        using Scalar scalar = factor;
        return x.addcmul_(a, b, scalar);
    }

    /// <summary>x += factor · a / b.</summary>
    public static Tensor PlusQuotientInPlace(this Tensor x, Tensor a, Tensor b, double factor)
    {
        using Scalar scalar = factor;
        return x.addcdiv_(a, b, scalar);
    }
}
